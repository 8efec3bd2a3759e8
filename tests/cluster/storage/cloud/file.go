package main

import (
	"context"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// fileDriver is the controller of shares: each is a folder of a file system that every node reaches, without a size.
type fileDriver struct {
	csi.UnimplementedControllerServer
	store *store
}

func (d *fileDriver) ControllerGetCapabilities(context.Context, *csi.ControllerGetCapabilitiesRequest) (*csi.ControllerGetCapabilitiesResponse, error) {
	return controllerCapabilities(csi.ControllerServiceCapability_RPC_CREATE_DELETE_VOLUME), nil
}

// CreateVolume refuses what aws-efs-csi-driver @a4fc6760 refuses: pkg/driver/controller.go, node.go.
func (d *fileDriver) CreateVolume(_ context.Context, request *csi.CreateVolumeRequest) (*csi.CreateVolumeResponse, error) {
	for _, capability := range request.GetVolumeCapabilities() {
		if capability.GetAccessMode().GetMode() == csi.VolumeCapability_AccessMode_MULTI_NODE_READER_ONLY {
			return nil, status.Error(codes.InvalidArgument, "access mode ReadOnlyMany is not supported")
		}
		if capability.GetBlock() != nil {
			return nil, status.Error(codes.InvalidArgument, "a share is not a raw device")
		}
	}
	if request.GetParameters()["provisioningMode"] != "efs-ap" {
		return nil, status.Error(codes.InvalidArgument, "parameter provisioningMode must be efs-ap")
	}
	if request.GetParameters()["fileSystemId"] == "" {
		return nil, status.Error(codes.InvalidArgument, "parameter fileSystemId is missing")
	}

	d.store.Lock()
	defer d.store.Unlock()
	made := d.store.volumeNamed(request.GetName())
	if made == nil {
		made = &volume{ID: d.store.id("share"), Name: request.GetName(), Type: "share"}
		d.store.volumes[made.ID] = made
		d.store.show()
	}
	return &csi.CreateVolumeResponse{Volume: &csi.Volume{
		VolumeId:      made.ID,
		CapacityBytes: request.GetCapacityRange().GetRequiredBytes(),
	}}, nil
}

func (d *fileDriver) DeleteVolume(_ context.Context, request *csi.DeleteVolumeRequest) (*csi.DeleteVolumeResponse, error) {
	d.store.Lock()
	defer d.store.Unlock()
	delete(d.store.volumes, request.GetVolumeId())
	d.store.show()
	return &csi.DeleteVolumeResponse{}, nil
}
